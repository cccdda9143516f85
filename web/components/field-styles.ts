/** How a field looks: its label above, its box, a hint or what is wrong with it below. */
import { css } from "lit";

export const fieldStyles = css`
  :host {
    display: grid;
    gap: 0.375rem;
    align-content: start;
  }

  label,
  .label {
    font-size: var(--text-sm);
    font-weight: 500;
  }

  .optional {
    color: var(--ink-faint);
    font-weight: 400;
  }

  .box {
    width: 100%;
    min-width: 0;
    min-height: var(--control);
    padding: 0.375rem 0.75rem;
    border: 1px solid var(--line-strong);
    border-radius: var(--radius);
    background: var(--surface);
    color: var(--ink);
    font: 400 var(--text) / 1.4 var(--sans);
    transition:
      border-color var(--fast),
      box-shadow var(--fast);
  }

  .box::placeholder {
    color: var(--ink-faint);
    opacity: 1;
  }

  .box:hover {
    border-color: var(--ink-faint);
  }

  .box:focus-visible {
    border-color: var(--accent);
    outline: 2px solid var(--accent);
    outline-offset: -1px;
  }

  .box[aria-invalid="true"] {
    border-color: var(--bad);
  }

  .box:disabled {
    background: var(--sunken);
    color: var(--ink-faint);
  }

  .hint,
  .error {
    font-size: var(--text-sm);
  }

  .hint {
    color: var(--ink-faint);
  }

  .error {
    display: flex;
    gap: var(--s1);
    color: var(--bad);
  }

  /* Smaller and telephones zoom in on it. */
  @media (pointer: coarse) {
    .box {
      font-size: 1rem;
    }
  }
`;
