"""A sheet as JUnit XML, for gates that read nothing else."""

import re
from xml.etree import ElementTree

from headtohead.publish.sheet import Sheet

_ILLEGAL = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def sheet_junit(sheet: Sheet) -> str:
    """The checks as test cases: no is a failure, undecided an error, since a gate must not pass it.

    References:
        The layout that Jenkins and GitLab read: https://github.com/testmoapp/junitxml
    """
    failures = sum(check.answer == "no" for check in sheet.checks)
    errors = sum(check.answer == "undecided" for check in sheet.checks)
    counts = {"tests": str(len(sheet.checks)), "failures": str(failures), "errors": str(errors)}
    root = ElementTree.Element("testsuites", {"name": "headtohead", **counts})
    name = _clean(f"h2h {sheet.verb}: {sheet.title}")
    suite = ElementTree.SubElement(root, "testsuite", {"name": name, **counts})
    for check in sheet.checks:
        case = ElementTree.SubElement(
            suite, "testcase", name=_clean(check.name), classname=f"headtohead.{sheet.verb}"
        )
        message = _clean(check.message)
        if check.answer in ("no", "undecided"):
            tag = "failure" if check.answer == "no" else "error"
            outcome = ElementTree.SubElement(case, tag, message=message, type=check.answer)
            outcome.text = message
        else:
            ElementTree.SubElement(case, "system-out").text = message
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    """Without characters that XML forbids."""
    return _ILLEGAL.sub("\ufffd", text)
