/** Headers by which somebody says who a caller is; worth as much as the one who sent them. */
const IDENTITY =
  /^(P-Asserted-Identity|P-Preferred-Identity|Remote-Party-ID|Diversion|History-Info|P-Charging-Vector|Identity)$/i;

/** What the service gets to see of the INVITE's headers. */
export function trustedHeaders(
  headers: Readonly<Record<string, string>>,
  trusted: boolean,
): Readonly<Record<string, string>> {
  if (trusted) return headers;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !IDENTITY.test(name)));
}
