export interface FliteInit {
  /** flite.wasm. */
  readonly path: string;
  readonly voice: string;
}

export interface FliteRequest {
  readonly id: number;
  readonly text: string;
  readonly speed: number;
}

export type FliteAnswer =
  | { readonly id: number; readonly wave: Uint8Array }
  | { readonly id: number; readonly failure: string };
