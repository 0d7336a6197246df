"""The engine on a Milvus cluster, or in milvus-lite's one file: the same numbers as the folder's, at any size."""
