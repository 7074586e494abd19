#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, The Spacer Authors.
#
# objcache.sh CACHE 'COMMAND' - runs a compile command, or copies the object that
# an equal command has made for another application of the workspace. Equal are
# commands with the same preprocessed source and the same flags; most units come
# out alike in several applications, and compiling is what takes the time.
#
# Commands end in "-c SOURCE -o OBJECT" and flags of the preprocessor; the last
# -I stands in front of the flags that count.
set -e
cache=$1 cmd=$2
front=${cmd%% -c *}
rest=${cmd##* -c }
src=${rest%% *}
rest=${rest#* -o }
obj=${rest%% *}
deps=${rest#* }
flags=${front##* -I}
flags=${flags#* }
key=$({ eval "$front -E -P $src $deps"; echo "$flags"; } | sha1sum)
key=$cache/${key%% *}.o
if [ -f "$key" ]; then
	cp "$key" "$obj"
else
	eval "$cmd"
	cp "$obj" "$key.$$"
	mv "$key.$$" "$key"
fi
