import de.bwaldvogel.mongo.MongoServer;
import de.bwaldvogel.mongo.backend.memory.MemoryBackend;
import java.net.InetSocketAddress;

/** A server for MongoDB's protocol that keeps all data in memory. The argument is the port. */
public class Mongo {
    public static void main(String[] args) throws Exception {
        new MongoServer(new MemoryBackend()).bind(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
        Thread.currentThread().join();
    }
}
