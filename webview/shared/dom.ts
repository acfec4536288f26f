/** The smallest helper that keeps page code readable: elements with properties and children, without inline style or HTML. */

type Child = Node | string | null | undefined | false;

export interface Attributes {
  readonly class?: string;
  readonly [attribute: string]: string | number | boolean | ((event: never) => void) | null | undefined;
}

/** `onX` attributes become listeners of `x`, true and false set or leave out a boolean attribute, null leaves out. */
export function element<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes, ...children: readonly Child[]): HTMLElementTagNameMap[K];
export function element(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement;
export function element(tag: string, attributes: Attributes, ...children: readonly Child[]): HTMLElement {
  const node = document.createElement(tag);
  apply(node, attributes);
  node.append(...children.filter((child): child is Node | string => child !== null && child !== undefined && child !== false));
  return node;
}

function apply(node: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') node.addEventListener(name.slice(2).toLowerCase(), value as (event: Event) => void);
    else node.setAttribute(name, value === true ? '' : String(value));
  }
}

const SVG = 'http://www.w3.org/2000/svg';

/** A 16 × 16 icon drawn with the text's colour. */
export function icon(path: string, className = 'icon'): SVGSVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  apply(svg, { viewBox: '0 0 16 16', width: 16, height: 16, class: className, 'aria-hidden': 'true', focusable: 'false' });
  const shape = document.createElementNS(SVG, 'path');
  apply(shape, { d: path, fill: 'currentColor' });
  svg.append(shape);
  return svg;
}

/** Sets text only when it differs, so that screen readers and layout are left alone. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}
