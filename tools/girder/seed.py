"""Fills the empty server whose files are in the folder sys.argv[1]: two releases, nightly builds of six days (the last
three with packages for arm64), an upload that never started, and an incomplete one. Of the 32 items, 30 have a file."""
import datetime
import json
import pathlib
import sys

from common import EXTENSIONS, Server, SlicerPackageClient
import girder_client
import requests

run = pathlib.Path(sys.argv[1])
api = (run / "api").read_text().strip()
requests.post(api + "/user", data=dict(login="admin", email="admin@example.invalid", firstName="A", lastName="B",
                                       password="secret-pw-1", admin=True)).raise_for_status()
girder = girder_client.GirderClient(apiUrl=api)
girder.authenticate("admin", "secret-pw-1")
girder.post("assetstore", parameters=dict(name="files", type=0, root=str(run / "assets")))
key = girder.post("api_key", parameters=dict(name="k"))["key"]
packages = SlicerPackageClient(apiUrl=api)
packages.authenticate(apiKey=key)
app = packages.createApp("Aurora", desc="", public=True)["_id"]  # in the default collection, where the client looks up apps by name
(run / "env.json").write_text(json.dumps(dict(app=app, key=key)))
(run / "app").write_text(app + "\n")

server = Server(run)
for version, revision, date in ("5.8.1", "33241", "2025-03-02T10:00:00Z"), ("5.10.0", "34045", "2025-11-10T09:00:00Z"):
    packages.createRelease("Aurora", version, revision)
    for system in EXTENSIONS:
        server.upload(system, "amd64", revision, version, date, False)
for night in range(6):
    day = datetime.date(2026, 11, 18) + datetime.timedelta(night)
    for system, arch in ("win", "amd64"), ("linux", "amd64"), ("macosx", "amd64"), ("macosx", "arm64"), ("linux", "arm64"):
        if arch == "amd64" or night > 2:
            server.upload(system, arch, str(34800 + 3 * night), f"5.13.0-{day}", f"{day}T03:1{night}:12.345Z", True)
server.begin("linux", "34818", "5.13.0-2026-11-24")
half = server.begin("macosx", "34818", "5.13.0-2026-11-24")
upload = packages.post("file", parameters=dict(parentType="item", parentId=half["_id"], name="half.dmg", size=50 << 20))
packages.sendRestRequest("POST", "file/chunk", parameters=dict(offset=0, uploadId=upload["_id"]), data=b"x" * (33 << 20))
