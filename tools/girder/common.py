"""Shared by seed.py and trouble.py: a client for the running server, and packages to upload."""
import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")
from slicer_package_manager_client import SlicerPackageClient

EXTENSIONS = {"win": "exe", "linux": "tar.gz", "macosx": "dmg"}
REPOSITORY = "https://example.invalid/aurora"


class Server:
    """A client for the server whose files are in the folder run, signed in as the administrator."""

    def __init__(self, run):
        self.run = pathlib.Path(run)
        self.api = (self.run / "api").read_text().strip()
        env = json.loads((self.run / "env.json").read_text())
        self.app = env["app"]
        self.client = SlicerPackageClient(apiUrl=self.api)
        self.client.authenticate(apiKey=env["key"])

    def upload(self, system, arch, revision, version, date, pre_release, body=None, app="Aurora"):
        """Uploads a package as build machines do: as a new item, or as a new file of an existing item."""
        path = self.run / "files" / f"aurora-{version}-{system}-{arch}.{EXTENSIONS[system]}"
        path.write_bytes(body or f"{system} {arch} {revision} {version}\n".encode() * 4000)
        self.client.uploadApplicationPackage(str(path), app, system, arch, "Aurora", "git", REPOSITORY, revision, version,
                                             build_date=date, pre_release=pre_release)

    def begin(self, system, revision, version):
        """Creates an item without a file, as an upload does that is then interrupted."""
        return self.client.post(f"app/{self.app}/package", parameters=dict(
            os=system, arch="amd64", baseName="Aurora", repository_type="git", repository_url=REPOSITORY,
            revision=revision, version=version, pre_release=True))

    def items(self, revision, **meta):
        """Returns the listed items of a revision whose meta has the given values."""
        listed = self.client.get(f"app/{self.app}/package", parameters={"limit": 0})
        return [i for i in listed if i["meta"]["revision"] == revision and all(i["meta"].get(k) == v for k, v in meta.items())]


def answer(value):
    """Prints the result on a separate line, because the clients print messages, too."""
    sys.stdout.flush()
    print("\n" + json.dumps(value))
