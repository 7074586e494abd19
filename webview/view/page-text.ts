/** One page in words. */
import { count, plural } from '../format.ts';
import { distinctNames, type PageInfo } from '../model/page-info.ts';

export function kindText(info: PageInfo): string {
  if (info.kind === 'zero') return 'Zero';
  if (info.kind === 'unique') return 'Unique';
  return info.sharers.length >= info.present
    ? `Shared by all ${count(info.present)}`
    : `Shared by ${count(info.sharers.length)} of ${count(info.present)}`;
}

export function sharerNames(
  info: PageInfo,
  names: (unikernel: number) => string,
  most: number,
): string {
  const shown = Array.from(info.sharers.subarray(0, most), names).join(', ');
  const more = info.sharers.length - most;
  return more > 0 ? `${shown} and ${plural(more, 'other')}` : shown;
}

export function symbolNames(info: PageInfo, most: number): string {
  const all = info.owners.flatMap((owner) => owner.symbols);
  const shown = all.slice(0, most).join(', ');
  return all.length > most ? `${shown}, …` : shown;
}

export function listed(info: PageInfo, of: 'library' | 'section', most: number): string {
  const names = distinctNames(info, of);
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? `${shown} and ${count(names.length - most)} more` : shown;
}
