/** Decodes base64 that comes in pieces of any length. What is not base64 is left out, as Buffer does. */
export class Base64Decoder {
  #rest = '';

  decode(piece: Buffer): Buffer {
    const text = this.#rest + piece.toString('latin1').replaceAll(/[^A-Za-z0-9+/=_-]/g, '');
    const whole = text.length - (text.length % 4);
    this.#rest = text.slice(whole);
    return Buffer.from(text.slice(0, whole), 'base64');
  }
}
