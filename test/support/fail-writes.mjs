/**
 * Loaded into the command before it starts: the write of number SPACER_FAULT_AT fails with an error,
 * or is the last thing that the process does. SPACER_FAULT_COUNT names a file for their number.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const at = Number(process.env.SPACER_FAULT_AT ?? -1);
const isKill = process.env.SPACER_FAULT_KIND === 'kill';
const counting = process.env.SPACER_FAULT_COUNT;
const { writeFileSync } = fs;
let count = 0;

function fault(name) {
  count++;
  if (count !== at) return;
  if (isKill) process.kill(process.pid, 'SIGKILL');
  throw Object.assign(new Error(`ENOSPC: no space left on device, ${name}`), { code: 'ENOSPC' });
}

const NAMES = ['mkdir', 'writeFile', 'rename', 'symlink', 'link', 'copyFile'];
for (const name of NAMES) {
  const [sync, promised] = [fs[`${name}Sync`], fs.promises[name]];
  fs[`${name}Sync`] = (...args) => {
    fault(name);
    return sync(...args);
  };
  fs.promises[name] = async (...args) => {
    fault(name);
    return promised(...args);
  };
}
const { writeSync } = fs;
fs.writeSync = (...args) => {
  if (args[0] > 2) fault('write');
  return writeSync(...args);
};
syncBuiltinESMExports();
if (counting) process.on('exit', () => writeFileSync(counting, String(count)));
