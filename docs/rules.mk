# The pages docs/devices/NAME.md come from the devices' own tables: make docs writes them anew, and
# tests/golden/device-pages.sh sees that they are true.
.PHONY: device-pages
device-pages: vitrine
	./vitrine doctor --device-pages $(srcdir)/docs/devices

docs_targets += device-pages
