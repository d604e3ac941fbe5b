"""Runs the recipes of docs/exports.md as they are written there. Needs the standard library alone."""
import os
import re
import subprocess

DOCUMENT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "exports.md")


def recipe(library):
    """The blocks under the library's heading: those of the shell are run, the Python ones run and their names returned."""
    text = open(DOCUMENT, encoding="utf-8").read()
    section = text.split(f"\n### {library}\n", 1)[1]
    section = re.split(r"\n##+ ", section)[0]
    names = {}
    path = os.path.abspath("bin") + os.pathsep + os.environ["PATH"]
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", section, re.DOTALL):
        if language == "sh":
            subprocess.run(["sh", "-e", "-c", block], check=True, env={**os.environ, "PATH": path})
        else:
            exec(compile(block, f"docs/exports.md, {library}", "exec"), names)
    assert names, f"no recipe of {library} in docs/exports.md"
    return names
