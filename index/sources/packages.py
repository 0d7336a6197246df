"""Zipped XML as office programs write it: parts by name, and how they refer to each other."""

import posixpath
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from lxml import etree

from index.sources.archives import member, open_archive

Element = Any  # lxml has no types


def parse_xml(data: bytes) -> Element:
    """The root of an XML document; nothing outside of it is fetched, small flaws are forgiven. Raises ValueError."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=False)
    root = etree.fromstring(data, parser)
    if root is None:
        raise ValueError("it is no XML")
    return root


def name_of(node: Element) -> str:
    """The name of an element without its namespace; "" for comments and the like."""
    tag = node.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(node: Element | None, name: str, default: str = "") -> str:
    """An attribute by its name without namespace."""
    if node is None:
        return default
    plain = node.get(name)
    if plain is not None:
        return str(plain)
    return next((str(value) for key, value in node.attrib.items() if key.rpartition("}")[2] == name), default)


def child(node: Element | None, *path: str) -> Element | None:
    """The first child of that name, of that its first child of the next, and so on."""
    for name in path:
        if node is None:
            return None
        node = next((one for one in node if name_of(one) == name), None)
    return node


def descendants(node: Element, *names: str) -> Iterator[Element]:
    """Every element below `node` with one of `names`, in order."""
    return (one for one in node.iter() if name_of(one) in names)


def chosen(node: Element) -> list[Element]:
    """What an `AlternateContent` shows: the first of its choices, else the fallback; the same twice it never is."""
    branches = [one for one in node if name_of(one) in ("Choice", "Fallback")]
    return list(branches[0]) if branches else []


class Package:
    """The parts of one file."""

    def __init__(self, data: bytes) -> None:
        """Open it; TooLarge, BadZipFile."""
        self.archive = open_archive(data)
        self._infos = {info.filename.lstrip("/"): info for info in self.archive.infolist()}
        self._lower = {name.lower(): name for name in self._infos}

    @property
    def names(self) -> list[str]:
        """The names of all parts, as the file lists them."""
        return list(self._infos)

    def find(self, name: str) -> str | None:
        """The part that `name` means: programs disagree about case, backslashes and percent signs."""
        for tried in (name, unquote(name)):
            plain = tried.replace("\\", "/").lstrip("/")
            if plain in self._infos or plain.lower() in self._lower:
                return plain if plain in self._infos else self._lower[plain.lower()]
        return None

    def read(self, name: str) -> bytes | None:
        """The bytes of a part; None where there is none."""
        found = self.find(name)
        return None if found is None else member(self.archive, self._infos[found])

    def xml(self, name: str) -> Element | None:
        """A part as XML; None where there is none, or it is none."""
        data = self.read(name)
        try:
            return None if data is None else parse_xml(data)
        except (ValueError, etree.XMLSyntaxError):
            return None

    def relations(self, name: str) -> dict[str, tuple[str, str]]:
        """Id -> (kind, part) of what the part `name` refers to; `kind` is the last word of its type."""
        folder, _, base = name.rpartition("/")
        root = self.xml(f"{folder}/_rels/{base}.rels" if folder else f"_rels/{base}.rels")
        found = {}
        for node in () if root is None else descendants(root, "Relationship"):
            if node.get("TargetMode") == "External":
                continue
            target = node.get("Target", "").replace("\\", "/")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[node.get("Id", "")] = (node.get("Type", "").rpartition("/")[2], path)
        return found

    def related(self, name: str, kind: str) -> list[str]:
        """The parts of a kind that the part `name` refers to."""
        return [path for what, path in self.relations(name).values() if what == kind]

    def main(self, default: str) -> str:
        """The part that the package is about."""
        found = self.related("", "officeDocument")
        return found[0] if found and self.find(found[0]) else default

    def embedded(self, folder: str) -> int:
        """How many files are kept in a folder, without the tables that charts are drawn from."""
        kept = {name for name in self.names if name.startswith(folder)}
        charts = [name for name in self.names if "/charts/" in name and not name.endswith(".rels")] if kept else []
        return len(kept - {path for name in charts for _, path in self.relations(name).values()})
