"""Session2Vec: products, categories and brands as vectors, learnt from sessions as sentences."""

from willbuy.research.session2vec.learner import Session2VecLearner

__all__ = ["Session2VecLearner"]
