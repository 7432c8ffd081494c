"""Schemathesis against the running API, with the OpenAPI document it serves.

    python tests/contract/run.py        after `cargo build`, with requirements.txt installed

Starts `target/debug/quita-local` on a free port with data of its own, calls every documented
operation with examples, boundary values and generated ones, good and bad, and fails on an answer of
500 and above, or on a status, content type or body that is not documented.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
# Generated calls of each operation beside the examples and boundary values.
EXAMPLES = os.environ.get("QUITA_CONTRACT_EXAMPLES", "5")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [TARGET / "debug" / "quita-local", "--json", "--port", "0", "--data", folder],
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            started = json.loads(server.stdout.readline())
            return check(started["api"], started["api_key"], folder)
        finally:
            server.terminate()
            server.wait()


def check(api: str, key: str, folder: str) -> int:
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis",
        "run",
        f"{api}/openapi.json",
        "--url",
        api,
        "--header",
        f"Authorization: Bearer {key}",
        "--checks",
        ",".join(CHECKS),
        "--phases",
        "examples,coverage,fuzzing",
        "--max-examples",
        EXAMPLES,
        "--seed",
        "1",
        "--generation-deterministic",
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--continue-on-failure",
        "--no-color",
    ]
    return subprocess.run(command, cwd=folder, check=False).returncode


sys.exit(main())
