"""A pipeline of three containers on scikit-learn's bundled breast-cancer data: featurize, predict, label."""
