PRAGMA application_id=1179406916;
PRAGMA user_version=1;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE setting (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES('forwarding.ipv4','00000000-0000-4000-8000-000000000001/cookie:46693');
INSERT INTO setting VALUES('forwarding.ipv6','00000000-0000-4000-8000-000000000001/cookie:46693');
INSERT INTO setting VALUES('host.id','cac0e06b-de3a-4489-a88d-29e66f2f7aee');
INSERT INTO setting VALUES('links.doomed','261876681');
INSERT INTO setting VALUES('links.owned','1789032592');
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
INSERT INTO network VALUES('328c99217796709d04ba9981316198e83ec70885209cc3821de49565e974845e','template',1795536589972549285,'local','null',1,0,'default',NULL,'[{"auxiliary":{},"subnet":"10.9.0.0/24"}]',0,0,0,1,'','{}','{}');
INSERT INTO network VALUES('51e847ed05acc8f9ffda6fba2573a8ca3dc0f3d592f61dbb51cb90f08603c275','host',1795536589005110920,'local','host',1,0,'default',NULL,'[]',0,0,0,0,'','{}','{}');
INSERT INTO network VALUES('6a579ff902ccc79513384086e263353d9043a9321ce3e896ff1bfea737eda324','chosen',1795536589953756697,'local','bridge',1,0,'default',NULL,'[]',0,0,0,0,'','{}','{}');
INSERT INTO network VALUES('8243cc047b5add3bd373ef3b91487b4b82b4f18f5e25c7235e7ddecbe60e21e9','bridge',1795536589060433128,'local','bridge',1,0,'default',NULL,'[]',0,0,0,0,'','{"com.docker.network.bridge.default_bridge":"true","com.docker.network.bridge.enable_icc":"true","com.docker.network.bridge.enable_ip_masquerade":"true","com.docker.network.bridge.host_binding_ipv4":"0.0.0.0","com.docker.network.bridge.name":"fairlead0","com.docker.network.driver.mtu":"1500"}','{}');
INSERT INTO network VALUES('9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','back',1795536589933064427,'local','bridge',1,0,'default',NULL,'[{"auxiliary":{},"gateway":"10.2.0.9","range":"10.2.4.0/24","subnet":"10.2.0.0/16"}]',1,0,0,0,'','{}','{}');
INSERT INTO network VALUES('c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','front',1795536589704841988,'local','bridge',1,1,'default',NULL,'[{"auxiliary":{},"subnet":"10.1.0.0/24"},{"auxiliary":{"printer":"fd00:1::9"},"subnet":"fd00:1::/64"}]',0,0,0,0,'','{"com.docker.network.bridge.name":"br-front"}','{"":"ü","team":"blue"}');
INSERT INTO network VALUES('c5cedda04e5c1775d9d26bb9f3f0202a56d3b3470d5f9494025a8048288d1b50','none',1795536588978332381,'local','null',1,0,'default',NULL,'[]',0,0,0,0,'','{}','{}');
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
INSERT INTO subnet VALUES('6a579ff902ccc79513384086e263353d9043a9321ce3e896ff1bfea737eda324',0,4,X'00000000000000000000ffffac120000',X'00000000000000000000ffffac12ffff',16,X'00000000000000000000ffffac120000',X'00000000000000000000ffffac12ffff',NULL,0);
INSERT INTO subnet VALUES('8243cc047b5add3bd373ef3b91487b4b82b4f18f5e25c7235e7ddecbe60e21e9',0,4,X'00000000000000000000ffffac110000',X'00000000000000000000ffffac11ffff',16,X'00000000000000000000ffffac110000',X'00000000000000000000ffffac11ffff',NULL,0);
INSERT INTO subnet VALUES('9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc',0,4,X'00000000000000000000ffff0a020000',X'00000000000000000000ffff0a02ffff',16,X'00000000000000000000ffff0a020400',X'00000000000000000000ffff0a0204ff',24,1);
INSERT INTO subnet VALUES('c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922',0,4,X'00000000000000000000ffff0a010000',X'00000000000000000000ffff0a0100ff',24,X'00000000000000000000ffff0a010000',X'00000000000000000000ffff0a0100ff',NULL,1);
INSERT INTO subnet VALUES('c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922',1,6,X'fd000001000000000000000000000000',X'fd00000100000000ffffffffffffffff',64,X'fd000001000000000000000000000000',X'fd00000100000000ffffffffffffffff',NULL,1);
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
INSERT INTO container VALUES('03dd8f22abea9d0734b1e5edbd79e6de663a23ff4c92de8e8babe7905ee96c1e','fresh',1795536590870833210,'{"attachStderr":false,"attachStdin":false,"attachStdout":false,"domainname":"","exposedPorts":[],"hostname":"","image":"scratch","labels":{},"networkDisabled":false,"openStdin":false,"stdinOnce":false,"tty":false,"user":"","workingDirectory":""}','{"autoRemove":false,"maximumRetryCount":0,"networkMode":"front","restartPolicy":"no"}','[{"gatewayPriority":0,"network":"front","networkID":""}]','created',0,'',-9223372036854775808,-9223372036854775808,0,0,NULL);
INSERT INTO container VALUES('6778a1dbc77cd9a4dddafb26dc527601f8519e1857c0a3988a1c416ba0f674bc','web',1795536589989621309,'{"attachStderr":false,"attachStdin":false,"attachStdout":false,"domainname":"","exposedPorts":[],"hostname":"www","image":"scratch","labels":{"role":"web"},"networkDisabled":false,"openStdin":false,"stdinOnce":false,"tty":false,"user":"","workingDirectory":""}','{"autoRemove":false,"maximumRetryCount":0,"networkMode":"front","restartPolicy":"always"}','[{"aliases":["www"],"gatewayPriority":0,"ipam":{"ipv4":"10.1.0.77"},"network":"front","networkID":"c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922"},{"gatewayPriority":0,"network":"back","networkID":"9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc"}]','running',0,'',1795536590226191667,-9223372036854775808,0,0,'{"id":"74a4355b59db288ade672920369d43f9a3d6c374af361a3a987a29cc9c33a93f","identity":"","isAdopted":false,"path":"/run/fairlead/netns/6778a1dbc77c","pid":0}');
INSERT INTO container VALUES('96959fe46187be7c8185c5d499ad6294b990b66798b1c27bbe38aae9a9cefb74','done',1795536590538179080,'{"attachStderr":false,"attachStdin":false,"attachStdout":false,"domainname":"","environment":["A=b"],"exposedPorts":[],"hostname":"","image":"scratch","labels":{},"networkDisabled":false,"openStdin":false,"stdinOnce":false,"tty":false,"user":"","workingDirectory":""}','{"autoRemove":false,"maximumRetryCount":0,"networkMode":"back","restartPolicy":"no"}','[{"gatewayPriority":0,"network":"back","networkID":"9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc"}]','running',0,'',1795536590638184377,-9223372036854775808,0,0,'{"id":"d933f987b6b4584e37e49b16400e3fe7bdca64abfc4059dc26e3907061567ea9","identity":"","isAdopted":false,"path":"/run/fairlead/netns/96959fe46187","pid":0}');
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
INSERT INTO endpoint VALUES('24bdb09513426e753142895374ed78525bfec24358d6eb6bdc783598b49034fd','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','6778a1dbc77cd9a4dddafb26dc527601f8519e1857c0a3988a1c416ba0f674bc','web','[]','["10.1.0.1","fd00:1::1"]',X'5270e178c51e','eth0','vethd5ad7ee','["web","www","6778a1dbc77c"]','{}',0,0);
INSERT INTO endpoint VALUES('673804c942b3a77a74434c9bc648459936d8256b04962f24c50590653eb5cb35','9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','6778a1dbc77cd9a4dddafb26dc527601f8519e1857c0a3988a1c416ba0f674bc','web','[]','[]',X'263c9daf256a','eth1','vethee93f60','["web","6778a1dbc77c","www"]','{}',0,1);
INSERT INTO endpoint VALUES('b6f6017f098c66dfc40d47062bd10dc3b2ad3691cd114c676d40a7071c650bcb','9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','96959fe46187be7c8185c5d499ad6294b990b66798b1c27bbe38aae9a9cefb74','done','[]','[]',X'228d59b277ff','eth0','veth72c7222','["done","96959fe46187"]','{}',0,0);
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
INSERT INTO address VALUES(4,X'00000000000000000000ffff0a010001','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','gateway',0,NULL,NULL,NULL);
INSERT INTO address VALUES(4,X'00000000000000000000ffff0a01004d','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','endpoint',0,NULL,'24bdb09513426e753142895374ed78525bfec24358d6eb6bdc783598b49034fd',24);
INSERT INTO address VALUES(4,X'00000000000000000000ffff0a020009','9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','gateway',0,NULL,NULL,NULL);
INSERT INTO address VALUES(4,X'00000000000000000000ffff0a020400','9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','endpoint',0,NULL,'673804c942b3a77a74434c9bc648459936d8256b04962f24c50590653eb5cb35',16);
INSERT INTO address VALUES(4,X'00000000000000000000ffff0a020401','9a1f746fa12a18a7791a6c58f245c27db635ffa08344baa52a0512f4a45705fc','endpoint',0,NULL,'b6f6017f098c66dfc40d47062bd10dc3b2ad3691cd114c676d40a7071c650bcb',16);
INSERT INTO address VALUES(4,X'00000000000000000000ffffac110001','8243cc047b5add3bd373ef3b91487b4b82b4f18f5e25c7235e7ddecbe60e21e9','gateway',0,NULL,NULL,NULL);
INSERT INTO address VALUES(4,X'00000000000000000000ffffac120001','6a579ff902ccc79513384086e263353d9043a9321ce3e896ff1bfea737eda324','gateway',0,NULL,NULL,NULL);
INSERT INTO address VALUES(6,X'fd000001000000000000000000000001','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','gateway',1,NULL,NULL,NULL);
INSERT INTO address VALUES(6,X'fd000001000000000000000000000002','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','endpoint',1,NULL,'24bdb09513426e753142895374ed78525bfec24358d6eb6bdc783598b49034fd',64);
INSERT INTO address VALUES(6,X'fd000001000000000000000000000009','c34a895ee42fc9b7b7400da1f64f793670957559540cbbc95c1985024b497922','auxiliary',1,'printer',NULL,NULL);
CREATE INDEX subnet_by_first ON subnet (family, first, last, range_first);
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
CREATE TRIGGER subnet_immutable BEFORE UPDATE ON subnet BEGIN
    SELECT RAISE(ABORT, 'a subnet is replaced, not changed');
END;
CREATE INDEX endpoint_by_container ON endpoint (container);
CREATE UNIQUE INDEX endpoint_by_host_interface ON endpoint (host_interface) WHERE host_interface <> '';
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
COMMIT;
