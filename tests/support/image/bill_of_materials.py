"""Compares an image's list of contents (charts/image/bill-of-materials) with what is really in it."""

import hashlib
import json
import re

# What Docker puts into each container by itself.
DOCKERS = re.compile(r"(\.dockerenv|dev(/.*)?|proc|sys|etc/(hosts|hostname|resolv\.conf|mtab))$")
BILL = "usr/share/doc/nodescope/nodescope.spdx.json"


def check(case, files, archive, architecture):
    """files and archive as builder's export gives them; case is the test that fails otherwise."""
    bill = json.loads(archive.extractfile(BILL).read())
    case.assertEqual((bill["spdxVersion"], bill["dataLicense"]), ("SPDX-2.3", "CC0-1.0"))
    packages = {one["SPDXID"]: one for one in bill["packages"]}
    of_files(case, bill, packages, files, archive)
    of_packages(case, packages, files, archive, architecture)
    of_the_program(case, bill, packages)


def of_files(case, bill, packages, files, archive):
    """Every regular file is named once, with its checksum, and belongs to one package."""
    regular = {f"./{name}" for name, entry in files.items() if entry.isreg() and name != BILL and not DOCKERS.match(name)}
    listed = {one["fileName"]: one for one in bill["files"]}
    case.assertEqual((len(listed), set(listed)), (len(bill["files"]), regular))
    owners = {}
    for relation in bill["relationships"]:
        if relation["relationshipType"] == "CONTAINS" and relation["relatedSpdxElement"].startswith("SPDXRef-File-"):
            owners.setdefault(relation["relatedSpdxElement"], []).append(relation["spdxElementId"])
    for name, one in listed.items():
        data = archive.extractfile(name.removeprefix("./")).read()
        sums = {entry["algorithm"]: entry["checksumValue"] for entry in one["checksums"]}
        case.assertEqual(sums, {"SHA1": hashlib.sha1(data).hexdigest(), "SHA256": hashlib.sha256(data).hexdigest()}, name)
        case.assertEqual([owner in packages for owner in owners.get(one["SPDXID"], [])], [True], name)
    # Only what is made on the way has no other owner: it is ours.
    made = [name for name, one in listed.items() if owners[one["SPDXID"]] == ["SPDXRef-Package-nodescope-image"]]
    case.assertEqual([name for name in made if not name.startswith("./var/lib/dpkg/status.d/")], ["./etc/group", "./etc/nsswitch.conf", "./etc/passwd"])


def of_packages(case, packages, files, archive, architecture):
    """The packages are those of the package database in the image, and are named as scanners name them."""
    folder = "var/lib/dpkg/status.d/"
    installed = {}
    for name in files:
        if name.startswith(folder):
            text = archive.extractfile(name).read().decode()
            installed[name.removeprefix(folder)] = [re.search(rf"(?m)^{field}: (.*)$", text).group(1) for field in ("Version", "Architecture")]
    found = {one["name"]: one for one in packages.values() if one["filesAnalyzed"] and one["supplier"] == "Organization: Debian"}
    case.assertEqual(set(found), set(installed))
    for name, (version, arch) in installed.items():
        case.assertEqual(found[name]["versionInfo"], version, name)
        case.assertIn(arch, (architecture, "all"), name)
        locator = found[name]["externalRefs"][0]["referenceLocator"]
        escaped = version.replace("+", "%2B").replace(":", "%3A")
        case.assertEqual(locator, f"pkg:deb/debian/{name.replace('+', '%2B')}@{escaped}?arch={arch}&distro=debian-12")


def of_the_program(case, bill, packages):
    """What the compiler took in, which is in no package database: Boost's headers at least."""
    inside = {packages[relation["relatedSpdxElement"]]["name"] for relation in bill["relationships"]
              if relation["relationshipType"] == "STATIC_LINK" and relation["spdxElementId"] == "SPDXRef-Package-nodescope"}
    case.assertLessEqual({"libboost1.81-dev", "libfmt-dev", "libspdlog-dev", "libcli11-dev"}, inside)
    case.assertFalse([name for name in inside if "gtest" in name or "gmock" in name])
    case.assertEqual(packages["SPDXRef-Package-nodescope"]["licenseDeclared"], "Apache-2.0")
