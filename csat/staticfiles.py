"""Static files under names that change with their content, modules' imports of each other included."""

from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(ManifestStaticFilesStorage):
    """For the demo: hashed names, not compressed."""

    support_js_module_import_aggregation = True


class CompressedHashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no types published
    """For production: hashed names, each file also compressed."""

    support_js_module_import_aggregation = True
