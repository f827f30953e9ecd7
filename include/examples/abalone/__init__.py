"""AWS's two notebook pipelines on abalone-like data: scikit-learn + Linear Learner, Spark ML + XGBoost."""
