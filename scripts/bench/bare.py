"""What a server can at best: FastAPI with endpoints that do nothing, to stand beside."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/search")
def search(q: str) -> dict[str, str]:
    """The question back, in a thread, as questions are answered."""
    return {"q": q}


@app.post("/search")
async def search_many(request: dict[str, object]) -> dict[str, str]:
    """Nothing."""
    return {}


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Nothing."""
    return {}
