"""Which addresses a source may have: public ones, so that nobody reads the own network through a worker."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiohttp import ThreadedResolver
from aiohttp.abc import AbstractResolver, ResolveResult

from worker.sources.errors import ForbiddenAddress

_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_BITS = 2**32 - 1

_METADATA = {IPv6Address("fd00:ec2::254")}
"""Where a cloud tells a machine its secrets, beside the link-local addresses: never a source."""


class GuardedResolver(AbstractResolver):
    """Resolves a host at the moment of connecting, and hands out nothing where one of its addresses is forbidden."""

    def __init__(self, *, private_hosts: bool) -> None:
        """Resolve as the system does."""
        self._system = ThreadedResolver()
        self._private_hosts = private_hosts

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Return the addresses; raises ForbiddenAddress, OSError."""
        found = await self._system.resolve(host, port, family)  # type: ignore[arg-type]
        for one in found:
            check_address(host, one["host"], private_hosts=self._private_hosts)
        return found

    async def close(self) -> None:
        """Close what resolves."""
        await self._system.close()


def check_literal(host: str, *, private_hosts: bool) -> None:
    """Raise ForbiddenAddress for a host that is an address itself, which no resolver is asked about."""
    try:
        ip_address(host)
    except ValueError:
        return
    check_address(host, host, private_hosts=private_hosts)


def check_address(host: str, address: str, *, private_hosts: bool) -> None:
    """Raise ForbiddenAddress for one that is not public, or with `private_hosts` for a link-local one."""
    for one in _meant(ip_address(address)):
        if one.is_link_local or one in _METADATA:
            raise ForbiddenAddress(host, address, private=False)
        # Python counts the site-local addresses of old (fec0::/10) as public.
        is_site = isinstance(one, IPv6Address) and one.is_site_local
        if not private_hosts and (not one.is_global or one.is_multicast or one.is_reserved or is_site):
            raise ForbiddenAddress(host, address, private=True)


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """Return the address, or the IPv4 address that it is another writing of, or leads to through a gateway."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address in _NAT64:
        return [IPv4Address(int(address) & _IPV4_BITS)]
    if address.sixtofour is not None:
        return [address, address.sixtofour]
    if address.teredo is not None:
        return [address, *address.teredo]
    return [address]
