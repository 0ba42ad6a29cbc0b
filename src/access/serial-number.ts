/** One text for one serial number of a certificate: hexadecimal in upper case without leading zeros; OpenSSL and others differ there. */
export function canonicalSerial(hex: string): string {
  return hex.toUpperCase().replace(/^0+(?=.)/, "");
}
