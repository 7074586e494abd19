/** Builds elements. Text goes in as text, never as markup. */
export type Child = Node | string | undefined;

export interface Attributes {
  class?: string;
  [name: string]: string | number | boolean | undefined;
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Sets the text only where it differs, so that live regions stay quiet. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function replaceChildren(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child) => child !== undefined));
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg(attributes: Attributes = {}): SVGSVGElement {
  const element = document.createElementNS(SVG, 'svg');
  setAttributes(element, attributes);
  return element;
}

export function reducedMotion(): boolean {
  return (
    matchMedia('(prefers-reduced-motion: reduce)').matches ||
    document.body.classList.contains('vscode-reduce-motion')
  );
}
