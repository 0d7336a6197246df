"""Files of an index: arrays and strings on disk, the folder's layout, what damage is called."""
