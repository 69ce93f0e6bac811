/// A store of version 1 with everything in it: `sqlite3 fairlead.db .dump`, and the two numbers of the header that a dump
/// leaves out. Never edited: it is what old stores look like.
let version1Dump = #"""
    PRAGMA foreign_keys=OFF;
    PRAGMA application_id=1179406916;
    PRAGMA user_version=1;
    BEGIN TRANSACTION;
    CREATE TABLE setting (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    INSERT INTO setting VALUES('host-id','abc');
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
    INSERT INTO network VALUES('0000000000000000000000000000000000000000000000000000000000000001','zürich',1700000000123456789,'global','bridge',0,1,'default','{"a":"1"}','[{"auxiliary":{"aux":"10.1.0.3"},"gateway":"10.1.0.9","range":"10.1.2.0/24","subnet":"10.1.0.0/16"},{"auxiliary":{}}]',1,1,1,1,'template','{"com.docker.network.bridge.name":"br0"}','{"":"\"quoted\"\n\u0000","team":"a"}');
    INSERT INTO network VALUES('0000000000000000000000000000000000000000000000000000000000000007','n7',7,'local','bridge',1,0,'default',NULL,'[]',0,0,0,0,'','{}','{}');
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
    INSERT INTO subnet VALUES('0000000000000000000000000000000000000000000000000000000000000001',0,6,X'fd000001000000000000000000000000',X'fd00000100000000ffffffffffffffff',64,X'fd000001000000000000000000000000',X'fd000001000000000000ffffffffffff',80,1);
    INSERT INTO subnet VALUES('0000000000000000000000000000000000000000000000000000000000000001',1,4,X'00000000000000000000ffff0a010000',X'00000000000000000000ffff0a01ffff',16,X'00000000000000000000ffff0a010000',X'00000000000000000000ffff0a01ffff',NULL,0);
    INSERT INTO subnet VALUES('0000000000000000000000000000000000000000000000000000000000000001',2,6,X'00000000000000000000ffff00000000',X'00000000000000000000ffff0000ffff',112,X'00000000000000000000ffff00000000',X'00000000000000000000ffff0000ffff',NULL,1);
    INSERT INTO subnet VALUES('0000000000000000000000000000000000000000000000000000000000000007',0,4,X'00000000000000000000ffff0a070000',X'00000000000000000000ffff0a07ffff',16,X'00000000000000000000ffff0a070000',X'00000000000000000000ffff0a07ffff',NULL,1);
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
    INSERT INTO container VALUES('0000000000000000000000000000000000000000000000000000000000000002','app',-5,'{"attachStderr":true,"attachStdin":true,"attachStdout":true,"domainname":"example","environment":["A=b","A=b",""],"exposedPorts":["80/tcp","53/udp"],"hostname":"host","image":"scratch","labels":{"l":"v"},"networkDisabled":true,"openStdin":true,"stdinOnce":true,"stopSignal":"SIGUSR1","stopTimeout":7,"tty":true,"user":"1000:1000","workingDirectory":"/srv"}','{"autoRemove":true,"maximumRetryCount":3,"networkMode":"container:web","restartPolicy":"on-failure"}','[{"aliases":["www","db"],"driverOptions":{"o":"1"},"gatewayPriority":-3,"ipam":{"ipv4":"10.1.0.5","ipv6":"fd00:1::5","linkLocal":["169.254.1.1"]},"links":["a:b"],"mac":"02:42:ac:11:00:02","network":"zoo","networkID":"0000000000000000000000000000000000000000000000000000000000000001"},{"aliases":[],"driverOptions":{},"gatewayPriority":0,"ipam":{"linkLocal":[]},"links":[],"network":"alpha","networkID":""},{"gatewayPriority":0,"ipam":{},"network":"middle","networkID":""},{"gatewayPriority":0,"network":"beta","networkID":""}]','running',137,'no',3,4,5,1,'{"id":"0000000000000000000000000000000000000000000000000000000000000003","identity":"boot:7","isAdopted":true,"path":"/run/netns/x","pid":42}');
    INSERT INTO container VALUES('0000000000000000000000000000000000000000000000000000000000000008','c8',8,'{"attachStderr":false,"attachStdin":false,"attachStdout":false,"domainname":"","exposedPorts":[],"hostname":"","image":"","labels":{},"networkDisabled":false,"openStdin":false,"stdinOnce":false,"tty":false,"user":"","workingDirectory":""}','{"autoRemove":false,"maximumRetryCount":0,"networkMode":"bridge","restartPolicy":"no"}','[]','created',0,'',-9223372036854775808,-9223372036854775808,0,0,NULL);
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
    INSERT INTO endpoint VALUES('0000000000000000000000000000000000000000000000000000000000000004','0000000000000000000000000000000000000000000000000000000000000001','0000000000000000000000000000000000000000000000000000000000000002','app','["169.254.1.1","fe80::1"]','["10.1.0.9","fd00:1::1"]',X'0242ac110002','eth1','veth1234567','["app","www"]','{"d":"e"}',9,1);
    INSERT INTO endpoint VALUES('0000000000000000000000000000000000000000000000000000000000000009','0000000000000000000000000000000000000000000000000000000000000007','0000000000000000000000000000000000000000000000000000000000000008','c8','[]','[]',NULL,'eth0','veth9','[]','{}',0,0);
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
    INSERT INTO address VALUES(4,X'00000000000000000000ffff0a010003','0000000000000000000000000000000000000000000000000000000000000001','auxiliary',1,'y',NULL,NULL);
    INSERT INTO address VALUES(4,X'00000000000000000000ffff0a010005','0000000000000000000000000000000000000000000000000000000000000001','endpoint',1,NULL,'0000000000000000000000000000000000000000000000000000000000000004',16);
    INSERT INTO address VALUES(4,X'00000000000000000000ffff0a070001','0000000000000000000000000000000000000000000000000000000000000007','gateway',0,NULL,NULL,NULL);
    INSERT INTO address VALUES(4,X'00000000000000000000ffff0a070002','0000000000000000000000000000000000000000000000000000000000000007','endpoint',0,NULL,'0000000000000000000000000000000000000000000000000000000000000009',16);
    INSERT INTO address VALUES(6,X'00000000000000000000ffff00000001','0000000000000000000000000000000000000000000000000000000000000001','gateway',2,NULL,NULL,NULL);
    INSERT INTO address VALUES(6,X'fd000001000000000000000000000001','0000000000000000000000000000000000000000000000000000000000000001','gateway',0,NULL,NULL,NULL);
    INSERT INTO address VALUES(6,X'fd000001000000000000000000000005','0000000000000000000000000000000000000000000000000000000000000001','endpoint',0,NULL,'0000000000000000000000000000000000000000000000000000000000000004',64);
    INSERT INTO address VALUES(6,X'fd000001000000000000000000000007','0000000000000000000000000000000000000000000000000000000000000001','auxiliary',0,'x',NULL,NULL);
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
    """#
