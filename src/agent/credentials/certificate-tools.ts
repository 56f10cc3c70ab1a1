/** A certificate with its chain, and its key; PEM texts, which may be one and the same. */
export type CertificatePair = { readonly certificate: string; readonly key: string };

/** What a certificate says. */
export type CertificateFacts = {
  readonly commonName: string;
  /** Of this very certificate. */
  readonly fingerprint: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
};

export type CertificateSubject = {
  readonly commonName: string;
  readonly organizations: readonly string[];
  /** DNS names and IP addresses. */
  readonly sans: readonly string[];
};

/** What the agent needs of X.509, handed to it from outside. */
export type CertificateTools = {
  /** Undefined when the text holds no certificate, or not its key. */
  describe(pair: CertificatePair): CertificateFacts | undefined;
  /** A new key, and a request (PKCS #10) for a certificate of it; PEM texts. */
  request(subject: CertificateSubject): Promise<{ readonly key: string; readonly request: string }>;
  /** A certificate for servers that nobody vouches for, valid for a year. */
  selfSign(subject: CertificateSubject): Promise<CertificatePair>;
};
