"""The app, for `streamlit run app/streamlit_app.py`; `willbuy app` runs the same."""

from willbuy.app.main import main

main()
