"""The header `Link` (RFC 8288): where the pages beside this one are."""

from fastapi import Request, Response


def link_pages(request: Request, response: Response, **cursors: str | None) -> None:
    """Name the pages by their relation, such as `next`; one whose cursor is None is not there.

    Relative, because a proxy may have given the server another name; RFC 8288 takes them as relative to the request.
    """
    found = [
        f'<{request.url.path}?{request.url.include_query_params(cursor=cursor).query}>; rel="{relation}"'
        for relation, cursor in cursors.items()
        if cursor is not None
    ]
    if found:
        response.headers["Link"] = ", ".join(found)
