/** The finding of one check: in order, or not, and then with advice. */
export interface Finding {
  readonly check: string;
  readonly ok: boolean;
  readonly found: string;
  /** Empty where all is in order. */
  readonly advice: string;
}

export function well(check: string, found: string): Finding {
  return { check, ok: true, found, advice: "" };
}

export function ill(check: string, found: string, advice: string): Finding {
  return { check, ok: false, found, advice };
}
