"""The app: a run, told to people who don't code. Needs willbuy[app]."""
