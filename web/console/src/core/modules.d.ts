/** Vite: a file built for itself, by its address. */
declare module '*?worker&url' {
  const address: string;
  export default address;
}
