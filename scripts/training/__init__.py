"""The parts of `scripts/train_encoder.py`: text, vocabulary, pairs, training loop."""
