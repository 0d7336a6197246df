"""How good the answers are: labelled sets, trials, the weight."""
