/*
 * A plugin for QEMU's emulator: how often each instruction of the guest's first 64 MiB is carried
 * out. Written at the end to the file of the argument `out=FILE`, an address and a number a line.
 * The declarations are those of QEMU's plugin interface, version 1, which Debian has no header for.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef void (*tb_callback)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*end_callback)(qemu_plugin_id_t, void *);
enum { INLINE_ADD_U64 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_callback);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, end_callback, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *, uint64_t);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

static const uint64_t end = 64 << 20;
static uint64_t *counts;
static char output[4096];

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
    struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
    uint64_t address = qemu_plugin_insn_vaddr(instruction);
    if (address < end)
      qemu_plugin_register_vcpu_insn_exec_inline(instruction, INLINE_ADD_U64, &counts[address], 1);
  }
}

static void ended(qemu_plugin_id_t id, void *unused) {
  FILE *file = fopen(output, "w");
  if (!file) return;
  for (uint64_t address = 0; address < end; address++)
    if (counts[address]) fprintf(file, "%" PRIu64 " %" PRIu64 "\n", address, counts[address]);
  fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(
    qemu_plugin_id_t id, const void *info, int argc, char **argv) {
  if (argc != 1 || strncmp(argv[0], "out=", 4) || strlen(argv[0]) >= sizeof output) return -1;
  strcpy(output, argv[0] + 4);
  counts = calloc(end, sizeof *counts);
  if (!counts) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_atexit_cb(id, ended, NULL);
  return 0;
}
