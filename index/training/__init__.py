"""Training of static encoders, for `scripts/train_encoder.py` and `wensou train-encoder`."""
