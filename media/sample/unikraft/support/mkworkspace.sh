#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, The Spacer Authors.
#
# mkworkspace.sh SAMPLE DIR SHAPE - copies the sample's sources to DIR and sets
# the shape: version.mk tells the release, .config the options. Files that have
# not changed keep their times, so that a second make has nothing to do.
set -e
sample=$1 dir=$2 shape=$3

install_if_new() {
	if cmp -s "$1" "$2"; then rm -f "$1"; else mv "$1" "$2"; fi
}

configure() {
	cp "$1/defconfig" "$1/.config.new"
	echo "CONFIG_UK_NAME=\"$(basename "$1")\"" >> "$1/.config.new"
	if [ "$shape" = fsections ]; then
		echo "CONFIG_OPTIMIZE_DEADELIM=y" >> "$1/.config.new"
	else
		echo "# CONFIG_OPTIMIZE_DEADELIM is not set" >> "$1/.config.new"
	fi
	install_if_new "$1/.config.new" "$1/.config"
}

# a core and libraries, with the version of the shape
core() {
	mkdir -p "$1"
	cp -Ru --preserve=timestamps,mode "$sample/unikraft" "$sample/libs" "$1/"
	if [ "$shape" = v08 ]; then
		sed -e 's/^UK_SUBVERSION = .*/UK_SUBVERSION = 8/' "$sample/unikraft/version.mk" \
			> "$1/unikraft/version.new"
	else
		cp "$sample/unikraft/version.mk" "$1/unikraft/version.new"
	fi
	install_if_new "$1/unikraft/version.new" "$1/unikraft/version.mk"
}

mkdir -p "$dir"
core "$dir"
cp -Ru --preserve=timestamps,mode "$sample/apps" "$dir/"
for app in "$dir"/apps/*/; do [ -f "$app/defconfig" ] && configure "${app%/}"; done
[ -d "$sample/kraft" ] || exit 0
cp -Ru --preserve=timestamps,mode "$sample/kraft" "$dir/"
for app in "$dir"/kraft/*/; do
	[ -f "$app/defconfig" ] || continue
	core "${app%/}/.unikraft"
	configure "${app%/}"
done
