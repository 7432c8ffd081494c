"""Expands template.yaml as AWS would, then lints the CloudFormation that comes out.

Linting the SAM source alone lets a wrong runtime, architecture, timeout or policy through, since
they only become properties of real resources in the expansion. Needs no network and no
credentials. Usage: lint.py TEMPLATE OUTPUT_DIRECTORY
"""

import json
import os
import pathlib
import sys

# Both libraries ask for a region; nothing is ever sent there.
REGION = "sa-east-1"
os.environ["AWS_DEFAULT_REGION"] = REGION

from cfnlint.api import ManualArgs, lint_file  # noqa: E402
from samtranslator.translator.transform import transform  # noqa: E402
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class NoManagedPolicies:
    """Stands for the account's managed policies: this template names none of them."""

    def load(self):
        return {}


def placeholder_code(template):
    """Points every function at a bucket, as packaging does: code on disk cannot be expanded."""
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "s3://placeholder/bootstrap.zip"


def main(source, output_directory):
    template = yaml_parse(pathlib.Path(source).read_text(encoding="utf-8"))
    placeholder_code(template)
    expanded = transform(template, {}, NoManagedPolicies())
    output = pathlib.Path(output_directory) / "template.expanded.json"
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(expanded, indent=2), encoding="utf-8")
    found = 0
    # The source is linted too: references inside it are reported with their own line numbers.
    for path in (source, str(output)):
        for match in lint_file(pathlib.Path(path), ManualArgs(regions=[REGION])):
            found += 1
            print(f"{path}:{match.linenumber}: {match.rule.id} {match.message}")
    print(f"{found} findings in {len(expanded['Resources'])} expanded resources")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
