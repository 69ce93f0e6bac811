-- Store version 1: networks, containers, endpoints, and what they have reserved.
--
-- Addresses are 16-byte BLOBs in network order, IPv4 as ::ffff:a.b.c.d, so that they compare as numbers do.
-- Structured members that nothing is looked up by are JSON.

CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE network (
    id TEXT PRIMARY KEY CHECK (length(id) = 64),
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL, -- nanoseconds since 1970; the lowest integer is "never", here and below
    scope TEXT NOT NULL,
    driver TEXT NOT NULL,
    enable_ipv4 INTEGER NOT NULL CHECK (enable_ipv4 IN (0, 1)),
    enable_ipv6 INTEGER NOT NULL CHECK (enable_ipv6 IN (0, 1)),
    ipam_driver TEXT NOT NULL,
    ipam_options TEXT, -- object; NULL when the client sent none
    ipam_config TEXT NOT NULL, -- array: what the client asked for
    is_internal INTEGER NOT NULL CHECK (is_internal IN (0, 1)),
    is_attachable INTEGER NOT NULL CHECK (is_attachable IN (0, 1)),
    is_ingress INTEGER NOT NULL CHECK (is_ingress IN (0, 1)),
    is_config_only INTEGER NOT NULL CHECK (is_config_only IN (0, 1)),
    config_from TEXT NOT NULL,
    options TEXT NOT NULL, -- object
    labels TEXT NOT NULL -- object
) STRICT, WITHOUT ROWID;

-- One reservation a pool: its subnet, and the range that dynamic addresses come from.
CREATE TABLE subnet (
    network TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
    position INTEGER NOT NULL, -- the place among the network's pools
    family INTEGER NOT NULL CHECK (family IN (4, 6)),
    first BLOB NOT NULL CHECK (length(first) = 16),
    last BLOB NOT NULL CHECK (length(last) = 16 AND first <= last),
    length INTEGER NOT NULL CHECK (length BETWEEN 0 AND 128),
    range_first BLOB NOT NULL CHECK (length(range_first) = 16 AND first <= range_first),
    range_last BLOB NOT NULL CHECK (length(range_last) = 16 AND range_first <= range_last AND range_last <= last),
    range_length INTEGER CHECK (range_length BETWEEN length AND 128), -- NULL: no range, so all of the subnet
    is_static INTEGER NOT NULL CHECK (is_static IN (0, 1)),
    PRIMARY KEY (network, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX subnet_by_first ON subnet (family, first, last, range_first);

-- Subnets are equal or disjoint, and equal ones have disjoint ranges. So of those that begin no later than the new
-- one, only the last can reach into it: each check is one step in the index.
CREATE TRIGGER subnet_overlap BEFORE INSERT ON subnet BEGIN
    SELECT RAISE(ABORT, 'subnet overlaps another one')
    WHERE EXISTS (
        SELECT 1 FROM subnet WHERE family = NEW.family AND first > NEW.first AND first <= NEW.last
    );
    SELECT RAISE(ABORT, 'subnet overlaps another one')
    FROM (
        SELECT first, last FROM subnet WHERE family = NEW.family AND first <= NEW.first ORDER BY first DESC LIMIT 1
    ) AS previous
    WHERE previous.last >= NEW.first AND NOT (previous.first = NEW.first AND previous.last = NEW.last);
    SELECT RAISE(ABORT, 'address range overlaps another one of the same subnet')
    WHERE EXISTS (
        SELECT 1 FROM subnet
        WHERE family = NEW.family AND first = NEW.first AND last = NEW.last
            AND range_first <= NEW.range_last AND range_last >= NEW.range_first
    );
END;

-- A changed pool is a new row, so that no change passes by the checks.
CREATE TRIGGER subnet_immutable BEFORE UPDATE ON subnet BEGIN
    SELECT RAISE(ABORT, 'a subnet is replaced, not changed');
END;

CREATE TABLE container (
    id TEXT PRIMARY KEY CHECK (length(id) = 64),
    name TEXT NOT NULL UNIQUE,
    created INTEGER NOT NULL,
    config TEXT NOT NULL, -- object
    host TEXT NOT NULL, -- object
    attachments TEXT NOT NULL, -- array of network and settings, in order
    status TEXT NOT NULL,
    exit_code INTEGER NOT NULL,
    error TEXT NOT NULL,
    started INTEGER NOT NULL,
    finished INTEGER NOT NULL,
    restart_count INTEGER NOT NULL,
    stopped_by_user INTEGER NOT NULL CHECK (stopped_by_user IN (0, 1)),
    sandbox TEXT -- object; NULL unless it runs
) STRICT, WITHOUT ROWID;

-- No cascades: what still has endpoints can't go.
CREATE TABLE endpoint (
    id TEXT PRIMARY KEY CHECK (length(id) = 64),
    network TEXT NOT NULL REFERENCES network (id),
    container TEXT NOT NULL REFERENCES container (id),
    name TEXT NOT NULL,
    link_local TEXT NOT NULL, -- array of addresses
    gateways TEXT NOT NULL, -- array of addresses
    mac BLOB CHECK (length(mac) = 6),
    interface TEXT NOT NULL,
    host_interface TEXT NOT NULL,
    dns_names TEXT NOT NULL, -- array
    driver_options TEXT NOT NULL, -- object
    gateway_priority INTEGER NOT NULL,
    place INTEGER NOT NULL, -- among the container's endpoints
    UNIQUE (network, container)
) STRICT, WITHOUT ROWID;

CREATE INDEX endpoint_by_container ON endpoint (container);
CREATE UNIQUE INDEX endpoint_by_host_interface ON endpoint (host_interface) WHERE host_interface <> '';

-- One reservation an address. Subnets are disjoint or share their addresses, so an address exists once a family.
CREATE TABLE address (
    family INTEGER NOT NULL CHECK (family IN (4, 6)),
    address BLOB NOT NULL CHECK (length(address) = 16),
    network TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('gateway', 'auxiliary', 'endpoint')),
    position INTEGER NOT NULL, -- of the pool among the network's, or of the address among the endpoint's
    name TEXT CHECK ((name IS NOT NULL) = (role = 'auxiliary')),
    endpoint TEXT REFERENCES endpoint (id) ON DELETE CASCADE CHECK ((endpoint IS NOT NULL) = (role = 'endpoint')),
    length INTEGER CHECK ((length IS NOT NULL) = (role = 'endpoint')), -- the prefix length an endpoint uses it with
    PRIMARY KEY (family, address)
) STRICT, WITHOUT ROWID;

CREATE INDEX address_by_network ON address (network, role);
CREATE INDEX address_by_endpoint ON address (endpoint) WHERE endpoint IS NOT NULL;

CREATE TRIGGER address_taken BEFORE INSERT ON address BEGIN
    SELECT RAISE(ABORT, 'address is taken')
    WHERE EXISTS (SELECT 1 FROM address WHERE family = NEW.family AND address = NEW.address);
    SELECT RAISE(ABORT, 'address lies in no subnet of its network')
    WHERE NOT EXISTS (
        SELECT 1 FROM subnet
        WHERE network = NEW.network AND family = NEW.family AND first <= NEW.address AND last >= NEW.address
    );
END;

CREATE TRIGGER address_immutable BEFORE UPDATE ON address BEGIN
    SELECT RAISE(ABORT, 'an address is replaced, not changed');
END;
