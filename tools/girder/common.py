"""What seed.py and trouble.py share: a client of the running server, and packages for it."""
import json
import pathlib
import sys
import warnings

warnings.simplefilter("ignore")
from slicer_package_manager_client import SlicerPackageClient

EXTENSIONS = {"win": "exe", "linux": "tar.gz", "macosx": "dmg"}
REPOSITORY = "https://example.invalid/aurora"


class Server:
    """The server whose files are in a folder. Administrators sign in with its key."""

    def __init__(self, run):
        self.run = pathlib.Path(run)
        self.api = (self.run / "api").read_text().strip()
        env = json.loads((self.run / "env.json").read_text())
        self.app = env["app"]
        self.client = SlicerPackageClient(apiUrl=self.api)
        self.client.authenticate(apiKey=env["key"])

    def upload(self, system, arch, revision, version, date, pre_release, body=None, app="Aurora"):
        """Uploads a package as a factory does: a new item, or a new file of an old one."""
        path = self.run / "files" / f"aurora-{version}-{system}-{arch}.{EXTENSIONS[system]}"
        path.write_bytes(body or f"{system} {arch} {revision} {version}\n".encode() * 4000)
        self.client.uploadApplicationPackage(str(path), app, system, arch, "Aurora", "git", REPOSITORY, revision, version,
                                             build_date=date, pre_release=pre_release)

    def begin(self, system, revision, version):
        """Makes an item without a file, as an upload does that then dies."""
        return self.client.post(f"app/{self.app}/package", parameters=dict(
            os=system, arch="amd64", baseName="Aurora", repository_type="git", repository_url=REPOSITORY,
            revision=revision, version=version, pre_release=True))

    def items(self, revision, **meta):
        """The listed items of a revision whose meta has these values."""
        listed = self.client.get(f"app/{self.app}/package", parameters={"limit": 0})
        return [i for i in listed if i["meta"]["revision"] == revision and all(i["meta"].get(k) == v for k, v in meta.items())]


def answer(value):
    """Prints the result on a line of its own: the clients print as well."""
    sys.stdout.flush()
    print("\n" + json.dumps(value))
