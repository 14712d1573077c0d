"""From a URL or a stream of bytes to chunks of records, with bounded memory; blocking code, to be run in a thread."""
