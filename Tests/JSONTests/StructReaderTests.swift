import JSON
import Testing

/// A part of Docker's create and connect requests: each kind of field.
private struct Request: Equatable {
    struct Endpoint: Equatable {
        var address: String?
        var aliases: [String]?
        var priority: Int?
    }

    struct Pool: Equatable {
        var subnet: Int?
        var auxiliary: [JSONEntry<Int?>]?
    }

    var name: String?
    var isInternal: Bool?
    var isIPv6: Bool?
    var count: Int?
    var small: UInt16?
    var labels: [String: String]?
    var pools: [Pool]?
    var endpoints: [JSONEntry<Endpoint?>]?
    var endpoint: Endpoint?
    var ipamDriver: String?

    init(_ text: String) throws {
        let context = DecodeContext()
        let reader = StructReader(try JSON.parse(text), goType: "network.CreateRequest", context: context)
        // Not in the order of any document: the order of fields must not matter.
        endpoint = reader.object("EndpointConfig", as: "network.EndpointSettings", body: Self.endpoint)
        endpoints = reader.objectMap("EndpointsConfig", of: "network.EndpointSettings", body: Self.endpoint)
        pools =
            reader.object("IPAM", as: "network.IPAM") { ipam in
                ipam.objectArray("Config", of: "network.IPAMConfig", body: Self.pool)
            } ?? nil
        ipamDriver = reader.object("IPAM", as: "network.IPAM") { $0.string("Driver") } ?? nil
        labels = reader.stringMap("Labels")
        small = reader.integer("Port", goType: "uint16")
        count = reader.int("Count")
        isIPv6 = reader.bool("EnableIPv6", isPointer: true)
        isInternal = reader.bool("Internal")
        name = reader.string("Name")
        try context.finish()
    }

    private static func endpoint(_ reader: StructReader) -> Endpoint {
        Endpoint(
            address: reader.object("IPAMConfig", as: "network.EndpointIPAMConfig") { $0.string("IPv4Address") } ?? nil,
            aliases: reader.stringArray("Aliases"), priority: reader.int("GwPriority"))
    }

    private static func pool(_ reader: StructReader) -> Pool {
        Pool(
            subnet: reader.text("Subnet", goType: "netip.Prefix", parse: Self.number),
            auxiliary: reader.textMap("AuxiliaryAddresses", goType: "netip.Addr", parse: Self.number))
    }

    /// Stands for a type that parses text.
    private static func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw JSONError("not a number: \(text)") }
        return number
    }
}

@Suite struct StructReaderTests {
    @Test func readsEachKind() throws {
        let request = try Request(
            """
            {"Name":"n","Internal":true,"EnableIPv6":false,"Count":-9223372036854775808,"Port":65535,
             "Labels":{"b":"2","a":"1"},"Unknown":{"x":[1]},
             "IPAM":{"Driver":"default","Config":[{"Subnet":"7","AuxiliaryAddresses":{"y":"2","x":"1","z":""}},{"Subnet":""}]},
             "EndpointsConfig":{"z":null,"a":{"Aliases":["db",null],"GwPriority":0}}}
            """)
        #expect(request.name == "n")
        #expect(request.isInternal == true)
        #expect(request.isIPv6 == false)
        #expect(request.count == .min)
        #expect(request.small == 65535)
        #expect(request.labels == ["a": "1", "b": "2"])
        #expect(request.ipamDriver == "default")
        #expect(request.pools?.map(\.subnet) == [7, nil])
        #expect(
            request.pools?.first?.auxiliary == [
                JSONEntry(key: "y", value: 2), JSONEntry(key: "x", value: 1), JSONEntry(key: "z", value: nil),
            ])
        #expect(request.endpoints?.map(\.key) == ["z", "a"])
        #expect(request.endpoints?.map(\.value) == [nil, .init(address: nil, aliases: ["db", ""], priority: 0)])
        #expect(request.endpoint == nil)
    }

    @Test(arguments: [
        "{}", "null", #"{"Name":null,"Internal":null,"Labels":null,"IPAM":null,"EndpointsConfig":null,"Port":null}"#,
    ])
    func absentAndNullAreTheDefault(text: String) throws { #expect(try Request(text) == Request("{}")) }

    @Test(arguments: [
        ("name", "x"), ("NAME", "x"), ("nAmE", "x"), ("Names", nil), ("Nam", nil), ("", nil), ("Namé", nil),
    ])
    func keysMatchWhateverTheirCase(key: String, name: String?) throws {
        #expect(try Request(#"{"\#(key)":"x"}"#).name == name)
    }

    @Test func longSAndKelvinFoldToASCII() throws {
        let document = try JSON.parse("{\"Ka\u{17F}e\":1,\"\u{212A}ey\":2}")
        let reader = StructReader(document, goType: "T", context: DecodeContext())
        #expect(reader.int("kaSe") == 1)
        #expect(reader.int("key") == 2)
    }

    @Test func lastOfSeveralWinsWhateverItsCase() throws {
        #expect(try Request(#"{"Name":"a","name":"b"}"#).name == "b")
        #expect(try Request(#"{"name":"b","Name":"a","NAME":null}"#).name == "a")
        // Null makes a pointer nil, and leaves a plain bool.
        #expect(try Request(#"{"EnableIPv6":true,"EnableIPv6":null}"#).isIPv6 == nil)
        #expect(try Request(#"{"Internal":true,"Internal":null}"#).isInternal == true)
    }

    @Test func duplicateContainersAreReadOverEachOther() throws {
        #expect(try Request(#"{"Labels":{"a":"1","b":"1"},"Labels":{"b":"2"}}"#).labels == ["a": "1", "b": "2"])
        #expect(try Request(#"{"Labels":{"a":"1"},"Labels":null,"Labels":{"b":"2"}}"#).labels == ["b": "2"])
        let merged = try Request(#"{"EndpointConfig":{"GwPriority":1},"endpointconfig":{"Aliases":[]}}"#)
        #expect(merged.endpoint == .init(address: nil, aliases: [], priority: 1))
        let afresh = try Request(#"{"EndpointConfig":{"GwPriority":1},"EndpointConfig":null,"EndpointConfig":{}}"#)
        #expect(afresh.endpoint == .init())
        let replaced = try Request(#"{"EndpointsConfig":{"a":{"GwPriority":1},"b":null,"a":{}}}"#)
        #expect(replaced.endpoints == [JSONEntry(key: "a", value: .init()), JSONEntry(key: "b", value: nil)])
        let shortened = try Request(#"{"IPAM":{"Config":[{"Subnet":"1"},{"Subnet":"2"}],"Config":[{}]}}"#)
        #expect(shortened.pools == [.init(subnet: 1)])
    }

    @Test(arguments: [
        (#"{"Name":1}"#, "number into Go struct field CreateRequest.Name of type string"),
        (#"{"name":{}}"#, "object into Go struct field CreateRequest.Name of type string"),
        (#"{"Internal":"true"}"#, "string into Go struct field CreateRequest.Internal of type bool"),
        (#"{"Count":1.5}"#, "number 1.5 into Go struct field CreateRequest.Count of type int"),
        (#"{"Count":1e3}"#, "number 1e3 into Go struct field CreateRequest.Count of type int"),
        (
            #"{"Count":9223372036854775808}"#,
            "number 9223372036854775808 into Go struct field CreateRequest.Count of type int"
        ),
        (#"{"Count":true}"#, "bool into Go struct field CreateRequest.Count of type int"),
        (#"{"Port":65536}"#, "number 65536 into Go struct field CreateRequest.Port of type uint16"),
        (#"{"Port":-0}"#, "number -0 into Go struct field CreateRequest.Port of type uint16"),
        (#"{"Labels":[]}"#, "array into Go struct field CreateRequest.Labels of type map[string]string"),
        (#"{"Labels":{"a":1}}"#, "number into Go struct field CreateRequest.Labels of type string"),
        (#"{"IPAM":"x"}"#, "string into Go struct field CreateRequest.IPAM of type network.IPAM"),
        (#"{"IPAM":{"Driver":[]}}"#, "array into Go struct field IPAM.IPAM.Driver of type string"),
        (#"{"IPAM":{"Config":{}}}"#, "object into Go struct field IPAM.IPAM.Config of type []network.IPAMConfig"),
        (#"{"IPAM":{"Config":[1]}}"#, "number into Go struct field IPAM.IPAM.Config of type network.IPAMConfig"),
        (
            #"{"IPAM":{"Config":[{"Subnet":5}]}}"#,
            "number into Go struct field IPAMConfig.IPAM.Config.Subnet of type netip.Prefix"
        ),
        (
            #"{"IPAM":{"Config":[{"Subnet":true}]}}"#,
            "bool into Go struct field IPAMConfig.IPAM.Config.Subnet of type netip.Prefix"
        ),
        (
            #"{"EndpointConfig":{"IPAMConfig":"x"}}"#,
            "string into Go struct field EndpointSettings.EndpointConfig.IPAMConfig of type network.EndpointIPAMConfig"
        ),
        (
            #"{"EndpointConfig":{"Aliases":"x"}}"#,
            "string into Go struct field EndpointSettings.EndpointConfig.Aliases of type []string"
        ),
        (
            #"{"EndpointsConfig":{"n":{"GwPriority":"x"}}}"#,
            "string into Go struct field EndpointSettings.EndpointsConfig.GwPriority of type int"
        ),
        (
            #"{"EndpointsConfig":[]}"#,
            "array into Go struct field CreateRequest.EndpointsConfig of type map[string]*network.EndpointSettings"
        ),
        ("[]", "array into Go value of type network.CreateRequest"),
        (#""x""#, "string into Go value of type network.CreateRequest"),
        ("1", "number into Go value of type network.CreateRequest"),
    ])
    func mismatchesReadLikeGos(text: String, message: String) {
        #expect(throws: JSONError("json: cannot unmarshal \(message)")) { try Request(text) }
    }

    private static let name = JSONError(
        "json: cannot unmarshal number into Go struct field CreateRequest.Name of type string")
    private static let truth = JSONError(
        "json: cannot unmarshal number into Go struct field CreateRequest.Internal of type bool")
    private static let refused = JSONError("not a number: x")

    @Test(arguments: [
        // The first mismatch of the document, not of our code.
        (#"{"Name":1,"Internal":1}"#, name), (#"{"Internal":1,"Name":1}"#, truth),
        (#"{"Labels":null,"Name":1,"Name":"fine","Internal":1}"#, name),
        // Text that its type refuses ends the reading, so it wins over what comes before and after.
        (#"{"Name":1,"IPAM":{"Config":[{"Subnet":"x"}]},"Internal":1}"#, refused),
        (#"{"IPAM":{"Config":[{"Subnet":"x"},{"Subnet":"y"}]}}"#, refused),
        (#"{"IPAM":{"Config":[{"AuxiliaryAddresses":{"a":"x"},"Subnet":"y"}]}}"#, refused),
        // Even if a later duplicate would have been fine, or the struct is dropped.
        (#"{"IPAM":{"Config":[{"Subnet":"x","Subnet":"1"}]}}"#, refused),
        (#"{"IPAM":{"Config":[{"Subnet":"x"}]},"IPAM":null}"#, refused),
    ])
    func theFirstRefusalInTheDocumentWins(text: String, error: JSONError) {
        #expect(throws: error) { try Request(text) }
    }

    @Test func embeddedFieldsNameTheirStruct() throws {
        let context = DecodeContext()
        let reader = StructReader(try JSON.parse(#"{"Tty":1}"#), goType: "container.CreateRequest", context: context)
        #expect(reader.embedded("Config").bool("Tty") == nil)
        let message = "json: cannot unmarshal number into Go struct field CreateRequest.Config.Tty of type bool"
        #expect(throws: JSONError(message)) { try context.finish() }
    }

    @Test func keysAndCustomTypesMayRefuse() throws {
        let context = DecodeContext()
        let reader = StructReader(
            try JSON.parse(#"{"Ports":{"80":{},"abc":{}},"Cmd":"ls"}"#), goType: "T", context: context)
        let command = reader.read(
            "Cmd",
            .custom("strslice.StrSlice", zero: []) { value -> [String] in
                guard case .string(let text) = value else { return [] }
                return [text]
            })
        #expect(command == ["ls"])
        let ports = reader.read(
            "Ports",
            .map(of: .object("struct {}") { _ in 0 }, keyType: "network.Port") {
                guard Int($0) != nil else { throw JSONError("invalid port '\($0)': invalid syntax") }
            })
        #expect(ports?.map(\.key) == ["80", "abc"])
        #expect(throws: JSONError("invalid port 'abc': invalid syntax")) { try context.finish() }
    }
}
