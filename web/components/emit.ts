/** Tells whoever uses an element what happened in it. Stays on the element: it does not bubble. */
export const emit = <T>(element: HTMLElement, name: string, detail?: T): void => {
  element.dispatchEvent(new CustomEvent<T | undefined>(name, { detail }));
};
