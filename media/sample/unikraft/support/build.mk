# SPDX-License-Identifier: BSD-3-Clause
# Copyright (c) 2026, The Spacer Authors.
#
# Builds one unikernel. An application's Makefile sets APP_NAME, UK_ROOT,
# UK_LIBS and BUILD_DIR and includes this file. The switches come from the
# application's .config; version.mk decides which release's shape is made:
# 0.8 (two-step link, no .cmd files) or anything later (one link, .cmd files,
# boot information and multiboot header written afterwards).

include $(UK_ROOT)/version.mk
include $(CURDIR)/.config

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DEFAULT_GOAL := all
comma := ,
V ?= 0

CROSS    := ""
CC       := $(CROSS)gcc
LD       := $(CROSS)gcc
STRIP    := $(CROSS)strip
OBJCOPY  := $(CROSS)objcopy
SCRIPTS  := $(UK_ROOT)/support
PYTHON   ?= python3

ifeq ($(UK_SUBVERSION),8)
V08 := y
SHAPE_DEF := -DUK_SHAPE_08=1
IMAGE := $(BUILD_DIR)/$(APP_NAME)_kvm-x86_64
else
IMAGE := $(BUILD_DIR)/$(APP_NAME)_qemu-x86_64
endif

# run TAG,TARGET,COMMAND - records the command beside its target and runs the
# record; 0.8 kept no records and ran the command itself.
ifeq ($(V),0)
say = @printf '  %-7s %s\n' '$(1)' '$(patsubst $(BUILD_DIR)/%,%,$(2))' &&
else
say =
endif
ifeq ($(V08),y)
run = $(call say,$(1),$(2)) $(strip $(3))
else
run = $(call say,$(1),$(2)) printf '%s\n' '$(strip $(3))' > $(2).cmd && sh $(2).cmd
endif

# The same for a compiler, which may find its work done (see objcache.sh); the
# command that is recorded is the one that would be run.
ifeq ($(OBJCACHE),)
runcc = $(run)
else ifeq ($(V08),y)
runcc = $(call say,$(1),$(2)) $(SCRIPTS)/objcache.sh $(OBJCACHE) '$(strip $(3))'
else
runcc = $(call say,$(1),$(2)) printf '%s\n' '$(strip $(3))' > $(2).cmd && $(SCRIPTS)/objcache.sh $(OBJCACHE) '$(strip $(3))'
endif

# --- flags -------------------------------------------------------------------
CONFIG_H  := $(BUILD_DIR)/include/uk/_config.h
COMPFLAGS := -nostdlib -U __linux__ -nostdinc -fno-tree-sra -fno-split-stack \
	     -fno-stack-protector -fcf-protection=none -Wall -Wextra
INCLUDES  := -I$(UK_ROOT)/include -I$(BUILD_DIR)/include
ARCHFLAGS := -D__X86_64__ -m64 -mno-red-zone -fno-reorder-blocks -mtune=generic
UNWIND    := -fno-asynchronous-unwind-tables
OPTFLAGS  := -O2 -fomit-frame-pointer -fno-PIC -fno-tree-loop-distribute-patterns -fno-common
DEFINES   := $(SHAPE_DEF) -D__Unikraft__ -DUK_CODENAME=$(UK_CODENAME) -DUK_VERSION=$(UK_VERSION).$(UK_SUBVERSION)
LIBLDFLAGS := -nostdlib -Wl,-r -Wl,--build-id=none -no-pie -nostdinc
LDFLAGS   := -nostdlib -Wl,--build-id=none -nostdinc -no-pie
ISRFLAGS  := -mgeneral-regs-only -D__INTERRUPTSAFE__
ifeq ($(CONFIG_OPTIMIZE_DEADELIM),y)
OPTFLAGS  += -fdata-sections -ffunction-sections
LDFLAGS   += -Wl,--gc-sections
endif

# --- libraries ---------------------------------------------------------------
# Each library describes itself in Makefile.uk by a few variables:
#   LIB name, ENABLED (y or empty), SRCS and SRCS-y, GENSRCS (made in the build
#   folder), EXTRALD (a script with INSERT), FLAGS and FLAGS_<unit>, EXPORTS.
OLIBS :=
ALL_LIBS :=
ENABLED_LIBS :=
EXTRALDS :=
OBJS :=

define cc_rule
$(2): $(3) $(CONFIG_H) $$(GENHDRS)
	$$(call $(if $(filter %.S,$(3)),run,runcc),$(if $(filter %.S,$(3)),AS,CC),$(2),$(CC) $(COMPFLAGS) $(INCLUDES) $(if $(filter %.S,$(3)),-D__ASSEMBLY__) \
		$(ARCHFLAGS) $(if $(findstring unwind,$(5)),-fasynchronous-unwind-tables,$(UNWIND)) $(DEFINES) $(OPTFLAGS) \
		$(patsubst unwind,,$(4)) -g0 -D__LIBNAME__=$(1) -D__BASENAME__=$(notdir $(3)) \
		-c $(3) -o $(2) -Wp$$(comma)-MMD$$(comma)$(2:.o=.d) -Wp$$(comma)-MT$$(comma)$(2))
OBJS += $(2)
endef

define olib_rule
$(BUILD_DIR)/$(1).ld.o: $(2)
	$$(call run,LD,$$@,$(LD) $$(LIBLDFLAGS) $(2) -Wl$$(comma)--start-group -Wl$$(comma)--end-group -o $$@)
$(BUILD_DIR)/$(1).o: $(BUILD_DIR)/$(1).ld.o $(3)
	$$(call run,OBJCOPY,$$@,$(OBJCOPY) $(addprefix --keep-global-symbols=,$(3)) $(BUILD_DIR)/$(1).ld.o $$@)
OLIBS += $(BUILD_DIR)/$(1).o
endef

define import_one
LIB :=
ENABLED :=
SRCS :=
SRCS-y :=
GENSRCS :=
EXTRALD :=
FLAGS :=
UNWINDED :=
EXPORTS := $$(wildcard $(1)/exportsyms.uk)
DIR := $(1)
include $(1)/Makefile.uk
ALL_LIBS += $$(LIB)
endef

define import_rules
ENABLED_LIBS += $(LIB)
EXTRALDS += $(addprefix $(DIR)/,$(EXTRALD))
$(foreach s,$(addprefix $(DIR)/,$(SRCS) $(SRCS-y)) $(GENSRCS),$(eval $(call cc_rule,$(LIB),$(BUILD_DIR)/$(LIB)/$(basename $(notdir $(s))).o,$(s),$(FLAGS) $(FLAGS_$(basename $(notdir $(s)))),$(UNWINDED))))
$(if $(V08),,$(eval $(call cc_rule,$(LIB),$(BUILD_DIR)/$(LIB)/libinfo.libuklibid.o,$(UK_ROOT)/lib/uklibid/libinfo.S,,)))
$(eval $(call olib_rule,$(LIB),$(foreach s,$(SRCS) $(SRCS-y) $(GENSRCS),$(BUILD_DIR)/$(LIB)/$(basename $(notdir $(s))).o) $(if $(V08),,$(BUILD_DIR)/$(LIB)/libinfo.libuklibid.o),$(EXPORTS)))
endef

import = $(eval $(call import_one,$(1)))$(if $(filter y,$(ENABLED)),$(eval $(call import_rules)))

LIBDIRS := $(UK_ROOT)/drivers/ukconsole/ns16550 $(UK_ROOT)/plat/kvm $(CURDIR) \
	   $(patsubst %/Makefile.uk,%,$(sort $(wildcard $(UK_ROOT)/lib/*/Makefile.uk)) \
	   $(sort $(wildcard $(UK_LIBS)/*/Makefile.uk)))
GENHDRS :=
$(foreach d,$(LIBDIRS),$(eval INCLUDES += $(if $(wildcard $(d)/include),-I$(d)/include)))
$(foreach d,$(LIBDIRS),$(call import,$(d)))

# --- linker scripts ----------------------------------------------------------
ifeq ($(V08),y)
LDS_SRC := $(UK_ROOT)/plat/kvm/link64-08.lds.S
else
LDS_SRC := $(UK_ROOT)/plat/kvm/link64.lds.S
EXTRALDS := $(BUILD_DIR)/libkvmplat/bootinfo.common.lds $(EXTRALDS)
endif
LDS := $(BUILD_DIR)/libkvmplat/link64.lds
CPP_LDS = $(CC) -E -P -x assembler-with-cpp -D__ASSEMBLY__ $(DEFINES) $(INCLUDES)

$(LDS): $(LDS_SRC) $(CONFIG_H)
	$(call run,LDS,$@,$(CPP_LDS) $< -o $@)
$(BUILD_DIR)/libkvmplat/bootinfo.common.lds: $(UK_ROOT)/plat/kvm/bootinfo.lds.S $(CONFIG_H)
	$(call run,LDS,$@,$(CPP_LDS) $< -o $@)

# --- generated sources -------------------------------------------------------
$(CONFIG_H): $(CURDIR)/.config
	@mkdir -p $(dir $@) $(addprefix $(BUILD_DIR)/,$(ALL_LIBS))
	@sed -n -e 's/^\(CONFIG_[A-Z0-9_]*\)=y$$/#define \1 1/p' \
		-e 's/^\(CONFIG_[A-Z0-9_]*\)=\([^y].*\)$$/#define \1 \2/p' $< > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
	@touch $@

$(BUILD_DIR)/libuklibid/namemap.c $(BUILD_DIR)/libuklibid/selfids.c &: $(CONFIG_H)
	@$(PYTHON) $(SCRIPTS)/mklibids.py $(BUILD_DIR)/libuklibid $(sort $(ENABLED_LIBS))
$(BUILD_DIR)/libuklibid/exportsyms.uk: $(BUILD_DIR)/libuklibid/selfids.c

# --- image -------------------------------------------------------------------
SCRIPTFLAGS := -Wl,-dT,$(LDS) $(addprefix -Wl$(comma)-T$(comma),$(EXTRALDS))

ifeq ($(V08),y)
PLATLDFLAGS := -Wl,-m,elf_x86_64
$(IMAGE).dbg: $(OLIBS) $(LDS) $(EXTRALDS)
	$(call run,LD,$(IMAGE).ld.o,$(LD) -r $(LIBLDFLAGS) $(PLATLDFLAGS) $(OLIBS) \
		-Wl$(comma)--start-group -Wl$(comma)--end-group -o $(IMAGE).ld.o)
	$(call run,OBJCOPY,$(IMAGE).o,$(OBJCOPY) -w -G kvmos_* -G _libkvmplat_entry $(IMAGE).ld.o $(IMAGE).o)
	$(call run,LD,$@,$(LD) $(LDFLAGS) $(PLATLDFLAGS) $(SCRIPTFLAGS) $(IMAGE).o -o $@)
$(IMAGE): $(IMAGE).dbg
	$(call run,SCSTRIP,$@,$(STRIP) -s $< -o $@)
else
PLATLDFLAGS := -Wl,-m,elf_x86_64 -Wl,--entry=_multiboot_entry
$(IMAGE).dbg: $(OLIBS) $(LDS) $(EXTRALDS)
	$(call run,LD,$@,$(LD) $(PLATLDFLAGS) $(OLIBS) -Wl$(comma)--start-group -Wl$(comma)--end-group \
		$(LDFLAGS) $(SCRIPTFLAGS) -o $@)
$(IMAGE): $(IMAGE).dbg
	$(call run,SCSTRIP,$@,$(STRIP) -s $< -o $@ 2>&1 | { grep -v "empty loadable segment" || true; })
	$(call run,UKBI,$@.bootinfo,$(SCRIPTS)/mkbootinfo.py $@ $@.bootinfo -a x86_64 && $(OBJCOPY) $@ --update-section .uk_bootinfo=$@.bootinfo)
	$(call run,MBOOT,$@.multiboot,$(SCRIPTS)/multiboot.py $@)
endif

.PHONY: all clean
all: $(IMAGE)
clean:
	rm -rf $(BUILD_DIR)

-include $(OBJS:.o=.d)
