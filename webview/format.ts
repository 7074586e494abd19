/** Numbers and addresses as people read them. */
const integers = new Intl.NumberFormat();
const oneDigit = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });
const twoDigits = new Intl.NumberFormat(undefined, {
  minimumFractionDigits: 2,
  maximumFractionDigits: 2,
});
const wholes = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const percents = new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 });

export function count(value: number): string {
  return integers.format(value);
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

export function hex(address: number): string {
  return `0x${address.toString(16)}`;
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let scaled = value;
  while (scaled >= 1024 && unit < units.length - 1) {
    scaled /= 1024;
    unit += 1;
  }
  const digits = unit < 2 ? oneDigit : scaled < 100 ? twoDigits : oneDigit;
  return `${digits.format(scaled)} ${units[unit]}`;
}

/** Always in MiB: figures that stand side by side keep one unit. */
export function mebibytes(value: number): string {
  const scaled = value / 2 ** 20;
  return `${(scaled < 1000 ? twoDigits : wholes).format(scaled)} MiB`;
}

/** How many times as much, to two digits: small differences count here. */
export function ratio(part: number, whole: number): string {
  return `${twoDigits.format(part / whole)}×`;
}

export function times(value: number): string {
  return `${oneDigit.format(value)}×`;
}

export function percent(part: number, whole: number): string {
  return percents.format(whole === 0 ? 0 : part / whole);
}
