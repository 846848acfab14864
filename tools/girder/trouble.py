"""Changes the running server as users and build machines change a real one.

usage: trouble.py RUN-FOLDER COMMAND. Each command prints one line of JSON, the ids of the affected items.
"""
import sys

from common import EXTENSIONS, Server, SlicerPackageClient, answer


def ids(items):
    return [i["_id"] for i in items]


def private(s):
    """Uploads a release to a private folder, where it is prepared."""
    s.client.post(f"app/{s.app}/release", parameters=dict(name="5.14.0", app_revision="36000", public=False))
    for system in EXTENSIONS:
        s.upload(system, "amd64", "36000", "5.14.0", "2026-11-25T06:00:00Z", False)
    return ids(s.items("36000"))


def public(s):
    """Makes the folder of that release public."""
    items = s.items("36000")
    s.client.put(f"folder/{items[0]['folderId']}/access", parameters=dict(access='{"users": [], "groups": []}', public=True))
    return ids(items)


def two_files(s):
    """Adds a second file to an item, as an interrupted replacement does."""
    item = s.items("34815", os="win")[0]
    path = s.run / "files" / "new_file"
    path.write_bytes(b"second " * 30000)
    s.client.uploadFileToItem(item["_id"], str(path), filename="new_file")
    return ids([item])


def one_file(s):
    """Deletes the second file."""
    item = s.items("34815", os="win")[0]
    for f in list(s.client.listFile(item["_id"])):
        if f["name"] == "new_file":
            s.client.delete(f"file/{f['_id']}")
    return ids([item])


def upload_again(s):
    """Uploads a package a second time."""
    s.upload("macosx", "amd64", "34815", "5.13.0-2026-11-23", "2026-11-23T03:15:12.345Z", True, body=b"other " * 20000)
    return ids(s.items("34815", os="macosx", arch="amd64"))


def promote(s):
    """Makes a release by copying drafts and renaming their files."""
    release = s.client.createRelease("Aurora", "5.12.0", "34812")
    copies = []
    for system in EXTENSIONS:
        draft = [i for i in s.items("34812", os=system, arch="amd64") if not i["meta"].get("release")][0]
        copy = s.client.post(f"item/{draft['_id']}/copy", parameters=dict(folderId=release["_id"]))
        f = next(s.client.listFile(copy["_id"]))
        s.client.put(f"file/{f['_id']}", parameters={"name": f"Aurora-5.12.0-{system}.{EXTENSIONS[system]}"})
        s.client.addMetadataToItem(copy["_id"], {"pre_release": False, "version": "5.12.0"})
        copies.append(copy)
    return ids(copies)


def sign(s):
    """Uploads a signed release again, with a client that does not set pre_release."""
    s.upload("win", "amd64", "34045", "5.10.0", "2025-11-10T09:00:00Z", False, body=b"signed " * 9000)
    return ids(s.items("34045", os="win"))


def twin(s):
    """Copies a package within its folder."""
    item = s.items("34803", os="linux")[0]
    copy = s.client.post(f"item/{item['_id']}/copy", parameters=dict(folderId=item["folderId"]))
    return ids([item, copy])


def delete_twin(s):
    """Deletes the copy."""
    item = [i for i in s.items("34803", os="linux") if i["name"].endswith("(1)")][0]
    s.client.delete(f"item/{item['_id']}")
    return ids([item])


def new(s):
    """Uploads a nightly build."""
    s.upload("linux", "amd64", "34821", "5.13.0-2026-11-25", "2026-11-25T03:00:00Z", True)
    return ids(s.items("34821"))


def delete_new(s):
    """Deletes that nightly build."""
    items = s.items("34821")
    s.client.delete(f"item/{items[0]['_id']}")
    return ids(items)


def hidden(s):
    """Creates another application, which is private. The first id is that of the application."""
    app = s.client.createApp("Hidden", public=False)
    for system in EXTENSIONS:
        s.upload(system, "amd64", "100", "1.0.0", "2026-11-25T03:00:00Z", True, app="Hidden")
    listed = s.client.get(f"app/{app['_id']}/package", parameters={"limit": 0})
    return [app["_id"]] + ids(listed)


def token(s):
    """Returns a token of the administrator."""
    return [s.client.token]


if __name__ == "__main__":
    command = {f.__name__.replace("_", "-"): f for f in (
        private, public, two_files, one_file, upload_again, promote, sign, twin, delete_twin, new, delete_new, hidden, token)}
    answer(command[sys.argv[2]](Server(sys.argv[1])))
