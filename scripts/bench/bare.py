"""What a server can at best: FastAPI with one endpoint that does nothing, for scripts/bench/load.py to stand beside."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/search")
def search(q: str) -> dict[str, str]:
    """The question back, in a thread, as questions are answered."""
    return {"q": q}
