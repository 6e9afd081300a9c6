"""Fails when a crate that the workspace is built from stands under a licence we do not take.

Reads lines of `crate|licence` from standard input, as `cargo tree` prints them for the platforms we ship for. A licence is an SPDX expression;
of an OR one side must be allowed, of an AND both.
"""

import re
import sys

ALLOWED = {
    "0BSD",
    "Apache-2.0",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
}


def allowed(expression):
    """Whether an SPDX expression can be met; old manifests write "/" for OR."""
    words = re.findall(r"[()]|[^\s()/]+|/", expression)
    words = ["OR" if word == "/" else word for word in words]
    return either(words) and not words


def either(words):
    result = both(words)
    while words and words[0] == "OR":
        words.pop(0)
        result = both(words) or result
    return result


def both(words):
    result = one(words)
    while words and words[0] == "AND":
        words.pop(0)
        result = one(words) and result
    return result


def one(words):
    word = words.pop(0)
    if word == "(":
        result = either(words)
        words.pop(0)  # the closing bracket
        return result
    if words and words[0] == "WITH":
        del words[:2]  # an exception only ever gives more rights
    return word in ALLOWED


def main():
    assert allowed("MIT/Apache-2.0") and allowed("(GPL-3.0 OR MIT) AND Zlib") and not allowed("MIT AND GPL-3.0")
    crates = {tuple(line.strip().split("|")) for line in sys.stdin if line.strip()}
    assert len(crates) > 100, "that is not the whole workspace"
    refused = sorted(f"{crate}: {licence}" for crate, licence in crates if not allowed(licence or "none"))
    if refused:
        sys.exit("licences we do not take:\n  " + "\n  ".join(refused))
    print(f"licences of {len(crates)} crates are all allowed")


if __name__ == "__main__":
    main()
